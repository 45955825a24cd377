/**
 * Shell commands that try to leave their sandbox; each ends with 0 when it could. What they name is in their variables. They
 * also run where nothing confines them, so none may harm the machine when it works.
 */

/** `$OUT` a folder outside, `$ALEPH` the home of Aleph, `$PERSON` the person's, `$OTHER` another workspace, `$SERVER` its process. */
export const ATTACKS: Readonly<Record<string, string>> = {
  "read the shadow file": "cat /etc/shadow",
  "read a secret of Aleph": 'cat "$ALEPH/credentials/token"',
  "list Aleph's home": 'ls "$ALEPH/credentials"',
  "read the database": 'cat "$ALEPH/aleph.db"',
  "read a key of the person": 'cat "$PERSON/.ssh/id_ed25519"',
  "read a password of the person": 'cat "$PERSON/.aws/credentials"',
  "read another workspace": 'cat "$OTHER/notes.txt"',
  "write in another workspace": 'echo x > "$OTHER/planted"',
  "read a file outside": 'cat "$OUT/secret"',
  "list a folder outside": 'ls "$OUT"',
  "write a file outside": 'echo x >> "$OUT/secret"',
  "make a file outside": 'echo x > "$OUT/planted"',
  "remove a file outside": 'rm -f "$OUT/removable" && ! test -e "$OUT/removable" && test -e "$OUT"',
  "move a file in": 'mv "$OUT/movable" here',
  "read through a link": 'ln -sf "$OUT/secret" link && cat link',
  "write through a link": 'ln -sfn "$OUT" folder && echo x > folder/planted',
  "read through a hard link": 'ln "$OUT/secret" hard && cat hard',
  "read through /proc": 'cat "/proc/$SERVER/root$OUT/secret"',
  "read through its own root": 'cat "/proc/self/root$OUT/secret"',
  "read through its folder's parent": "cat ../../../../../../../../../../../..$OUT/secret",
  "read the server's environment": 'grep -q . "/proc/$SERVER/environ"',
  "read the server's memory": 'head -c 1 "/proc/$SERVER/mem"',
  "see what the server has open": "readlink /proc/$SERVER/fd/*",
  "open rights outside": 'chmod 777 "$OUT/secret"',
  "give away a file outside": 'chown 1 "$OUT/secret"',
  "make a program with its owner's rights": "cp /bin/true owned && chmod 6755 owned && test -u owned",
  "signal the server": 'kill -0 "$SERVER"',
  "signal the server by its number": 'kill -WINCH "$SERVER"',
  "reach the gateway": 'timeout 5 bash -c "exec 3<>/dev/tcp/127.0.0.1/$PORT"',
  "reach the gateway by another name": 'timeout 5 bash -c "exec 3<>/dev/tcp/localhost/$PORT"',
  "reach the internet": 'timeout 5 bash -c "exec 3<>/dev/tcp/1.1.1.1/53"',
  "reach a socket of the machine": 'timeout 5 curl -s --unix-socket "$OUT/socket" http://x/',
  "mount something": "mkdir mounted && mount -t tmpfs none mounted && umount mounted",
  "make a namespace": "unshare -r true",
  "make a device": "mknod device b 8 0",
  "become root": "setpriv --reuid=0 true && test $(id -u) = 0 && cat /etc/shadow",
  "leave its session": "setsid --wait true",
  "write a file that is too big": 'head -c 30000000 /dev/zero > big && test "$(stat -c %s big)" -gt 20000000',
  "change a setting of the kernel": "value=$(cat /proc/sys/vm/swappiness) && echo $value > /proc/sys/vm/swappiness",
};

/** What people do; each must end with 0. Those whose program is not there are left out. */
export const WORK: Readonly<Record<string, { readonly needs?: string; readonly script: string }>> = {
  "files in the workspace": { script: "mkdir -p a/b && echo x > a/b/c && mv a d && test $(cat d/b/c) = x && rm -r d" },
  "pipes and here-docs": { script: "test \"$(cat <<'END' | tr a-z A-Z | sort -r | head -n 1\na\nb\nEND\n)\" = B" },
  "process substitution": { script: "diff <(echo a) <(echo a)" },
  "a script with rights": {
    script: "printf '#!/bin/sh\\necho ran\\n' > run.sh && chmod +x run.sh && test $(./run.sh) = ran",
  },
  "a temporary folder": { script: 'f=$(mktemp) && echo x > "$f" && test -s "$f"' },
  "times of files": { script: "touch -d 2001-01-01 old && test $(stat -c %Y old) -lt 1000000000" },
  "children that it waits for": { script: "for i in 1 2 3; do (sleep 0.05; echo $i) & done; wait" },
  "signals to its children": { script: "sleep 1000 & kill $! && ! wait $!" },
  "a limit of time": { script: "timeout 0.2 sleep 1000; test $? = 124 && echo on" },
  "an archive": { script: "mkdir -p t && echo x > t/f && tar czf t.tgz t && rm -r t && tar xzf t.tgz && test -s t/f" },
  "a terminal it has not": { script: "! test -t 0 && ! test -t 1" },
  "building with gcc": {
    needs: "gcc",
    script: "printf '#include <stdio.h>\\nint main(){puts(\"built\");}' > a.c && gcc a.c -o a && test $(./a) = built",
  },
  "building with make": {
    needs: "make",
    script: "printf 'all:\\n\\t@echo made > out\\n' > Makefile && make -s && test -s out",
  },
  "a commit with git": {
    needs: "git",
    script:
      "git init -q repo && cd repo && echo x > f && git add f && git -c user.name=a -c user.email=a@b commit -qm first && git log --oneline | grep -q first",
  },
  "a program of node": {
    needs: "node",
    script: 'echo \'require("fs").writeFileSync("n", String(6 * 7))\' > n.js && node n.js && test $(cat n) = 42',
  },
  "a program of python": {
    needs: "python3",
    script: "python3 -c 'import json, subprocess; print(subprocess.run([\"echo\", json.dumps([1])], check=True))'",
  },
};
