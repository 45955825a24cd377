;; What a hostile or broken module may try. Each export takes no input.
(module
  (import "extism:host/env" "alloc" (func $alloc (param i64) (result i64)))
  (import "extism:host/env" "free" (func $free (param i64)))
  (import "extism:host/env" "output_set" (func $output_set (param i64 i64)))
  (import "extism:host/env" "error_set" (func $error_set (param i64)))
  (import "extism:host/env" "store_u8" (func $store_u8 (param i64 i32)))
  (import "extism:host/env" "log_info" (func $log_info (param i64)))
  (import "extism:host/env" "var_set" (func $var_set (param i64 i64)))
  (import "extism:host/env" "http_request" (func $http_request (param i64 i64) (result i64)))
  (memory (export "memory") 1)
  (table $table 1 funcref)
  (global $made (mut i32) (i32.const 0))
  (data (i32.const 0) "the message{\"url\":\"https://example.com/\"}")

  ;; A block with bytes of the memory.
  (func $block (param $at i32) (param $length i32) (result i64)
    (local $block i64) (local $index i32)
    (local.set $block (call $alloc (i64.extend_i32_u (local.get $length))))
    (loop $next
      (call $store_u8
        (i64.add (local.get $block) (i64.extend_i32_u (local.get $index)))
        (i32.load8_u (i32.add (local.get $at) (local.get $index))))
      (local.set $index (i32.add (local.get $index) (i32.const 1)))
      (br_if $next (i32.lt_u (local.get $index) (local.get $length))))
    (local.get $block))

  ;; Gives a number of eight digits.
  (func $say (param $number i32)
    (local $at i32)
    (local.set $at (i32.const 1008))
    (loop $next
      (local.set $at (i32.sub (local.get $at) (i32.const 1)))
      (i32.store8 (local.get $at) (i32.add (i32.const 48) (i32.rem_u (local.get $number) (i32.const 10))))
      (local.set $number (i32.div_u (local.get $number) (i32.const 10)))
      (br_if $next (i32.gt_u (local.get $at) (i32.const 1000))))
    (i32.store8 (i32.const 999) (i32.const 49))
    (call $output_set (call $block (i32.const 999) (i32.const 9)) (i64.const 9)))

  (func (export "ok") (call $say (i32.const 7)))
  (func (export "spin") (loop $again (br $again)))
  (func (export "trap") (unreachable))
  (func $deep (export "deep") (call $deep))

  ;; Takes all the memory that it gets, writes to all of it, and says how many pages that was.
  (func $fill
    (loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
    (memory.fill (i32.const 2000) (i32.const 65) (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 2000))))
  (func (export "grow") (call $fill) (call $say (memory.size)))
  (func (export "grow_and_trap") (call $fill) (unreachable))

  (func (export "alloc_large") (loop $more (drop (call $alloc (i64.const 16777216))) (br $more)))
  (func (export "alloc_small") (loop $more (drop (call $alloc (i64.const 1))) (br $more)))
  (func (export "alloc_once") (drop (call $alloc (i64.const 1099511627776))))
  ;; Far more in all than it may have, and never much at a time.
  (func (export "alloc_and_free") (local $times i32)
    (loop $more
      (call $free (call $alloc (i64.const 4194304)))
      (local.set $times (i32.add (local.get $times) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $times) (i32.const 500))))
    (call $say (local.get $times)))
  (func (export "tables")
    (loop $more (drop (table.grow $table (ref.null func) (i32.const 100000))) (br $more)))
  (func (export "variables")
    (loop $more
      (global.set $made (i32.add (global.get $made) (i32.const 1)))
      (i32.store (i32.const 1200) (i32.add (i32.const 0x41414141) (global.get $made)))
      (call $var_set (call $block (i32.const 1200) (i32.const 4)) (call $alloc (i64.const 65536)))
      (br $more)))

  (func (export "huge") (call $output_set (call $alloc (i64.const 16777216)) (i64.const 16777216)))
  (func (export "outside") (call $output_set (call $alloc (i64.const 10)) (i64.const 11)))
  (func (export "binary")
    (i32.store8 (i32.const 1300) (i32.const 255))
    (call $output_set (call $block (i32.const 1300) (i32.const 1)) (i64.const 1)))
  (func (export "fails") (call $error_set (call $block (i32.const 0) (i32.const 11))))
  (func (export "flood") (local $times i32)
    (loop $more
      (call $log_info (call $block (i32.const 0) (i32.const 11)))
      (local.set $times (i32.add (local.get $times) (i32.const 1)))
      (br_if $more (i32.lt_u (local.get $times) (i32.const 5000)))))
  (func (export "fetch")
    (local $answer i64)
    (local.set $answer (call $http_request (call $block (i32.const 11) (i32.const 30)) (i64.const 0)))
    (call $output_set (local.get $answer) (i64.const 5))))
