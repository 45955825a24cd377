;; A plugin without any toolchain: gives back its text in capitals.
;; The host's functions are those of Extism (https://extism.org); any of its PDKs makes the same kind of module.
(module
  (import "extism:host/env" "input_length" (func $input_length (result i64)))
  (import "extism:host/env" "input_load_u8" (func $input_load_u8 (param i64) (result i32)))
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))

  (memory (export "memory") 1)

  ;; A handler takes nothing, reads its input from the host, hands its output to the host, and returns 0 when it worked.
  (func (export "shout") (result i32)
    (local $length i64)
    (local $output i64)
    (local $at i64)
    (local $byte i32)
    (local.set $length (call $input_length))
    (local.set $output (call $alloc (local.get $length)))
    (block $done
      (loop $next
        (br_if $done (i64.ge_u (local.get $at) (local.get $length)))
        (local.set $byte (call $input_load_u8 (local.get $at)))
        ;; a to z
        (if (i32.lt_u (i32.sub (local.get $byte) (i32.const 97)) (i32.const 26))
          (then (local.set $byte (i32.sub (local.get $byte) (i32.const 32)))))
        (call $store_u8 (i64.add (local.get $output) (local.get $at)) (local.get $byte))
        (local.set $at (i64.add (local.get $at) (i64.const 1)))
        (br $next)))
    (call $output_set (local.get $output) (local.get $length))
    (i32.const 0)))
