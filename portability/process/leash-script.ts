/**
 * The script by which a program is held on a leash: for a POSIX shell, so that it runs wherever workers do and costs next
 * to nothing. Its arguments are the grace time in tenths of a second, the number of words of the command to run
 * afterwards, these words, and the program with its arguments. Its descriptor 3 is the leash.
 *
 * The shell leaves a watcher behind and then becomes the program, which so is the caller's own child, the leader of a
 * session, with its own exit code. The watcher waits for the end of descriptor 3. Only the caller holds its other side,
 * and the kernel lets go of that however the caller ends.
 *
 * A program may put its children into process groups of their own, as the boot program of Beam's Python SDK does, so the
 * watcher goes by the session. Where there is no /proc to look that up, it goes by the process group.
 * Each process is asked to end once, also one that was started meanwhile.
 */
export const LEASH_SCRIPT = `
tenths=$1 words=$2
shift 2
(
  trap '' TERM INT HUP QUIT
  exec >/dev/null 2>&1
  total=$# i=0
  while [ $i -lt $words ]; do
    set -- "$@" "$1"
    shift
    i=$((i + 1))
  done
  shift $((total - words))
  me=
  read -r me rest </proc/self/stat
  others() {
    found=
    if [ -z "$me" ]; then
      kill -0 $$ && found=-$$
    else
      for stat in /proc/[0-9]*/stat; do
        read -r line <"$stat" || continue
        pid=\${line%% *}
        set -- \${line##*) }
        [ "$4" = $$ ] && [ "$1" != Z ] && [ "$pid" != "$me" ] && found="$found $pid"
      done
    fi
    [ -n "$found" ]
  }
  afterwards() {
    [ $# -eq 0 ] || "$@" </dev/null 3<&-
  }
  asked=' '
  ask() {
    for pid in $found; do
      case $asked in
        *" $pid "*) ;;
        *) kill -s TERM -- $pid; asked="$asked$pid " ;;
      esac
    done
  }
  read -r line <&3
  while others && ask && [ $tenths -gt 0 ]; do
    sleep 0.1
    tenths=$((tenths - 1))
  done
  afterwards "$@"
  tenths=50
  while others && [ $tenths -gt 0 ]; do
    kill -s KILL -- $found
    sleep 0.1
    tenths=$((tenths - 1))
  done
  afterwards "$@"
  [ -n "$me" ] || kill -s KILL -- -$$
) &
shift $words
exec "$@" 3<&-
`;
