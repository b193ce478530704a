#!/bin/bash
# Called by prove.sh, in namespaces of its own: what `docker run --read-only --network none` does, with mount and chroot.
# $root is the image, $work/volume its volume, $work/etc its settings.
set -euo pipefail
root=$1 work=$2 checkout=$3

ip link set lo up 2>/dev/null || true
mount --bind "$root" "$root"
mkdir -p "$root/examples" "$root/etc/claimwire"
mount --bind "$checkout/examples" "$root/examples"
mount --bind "$work/etc" "$root/etc/claimwire"
mount --bind "$work/volume" "$root/var/lib/claimwire"
mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -o remount,bind,ro "$root"

inside=(env -i PATH=/opt/claimwire/bin:/usr/bin:/bin PYTHONDONTWRITEBYTECODE=1
	/usr/sbin/chroot --userspec=10001:10001 "$root" setpriv --no-new-privs --bounding-set=-all --inh-caps=-all)

echo "run: as $("${inside[@]}" id -u), /proc/net/dev has $("${inside[@]}" sh -c "grep -c : /proc/net/dev") interface(s)"
! "${inside[@]}" sh -c 'echo x >/opt/claimwire/x' 2>/dev/null || { echo "the root can be written to"; exit 1; }
began=$(date +%s)
"${inside[@]}" claimwire run --config /etc/claimwire/claimwire.yaml || [ $? -eq 3 ]
echo "run: $(($(date +%s) - began)) s, $(cat "$work"/volume/news/*/articles-*.jsonl | wc -l) records"
[ "$(cat "$work"/volume/news/*/articles-*.jsonl | wc -l)" -gt 10 ]

# The command and the health check are the image's own.
mapfile -t command < <(python3 -c 'import json, sys; c = json.load(open(sys.argv[1])); print(*c["Entrypoint"], *c["Cmd"], sep="\n")' "$work/image.json")
mapfile -t health < <(python3 -c 'import json, sys; print(*json.load(open(sys.argv[1]))["Healthcheck"]["Test"][1:], sep="\n")' "$work/image.json")
"${inside[@]}" "${command[@]}" 2>"$work/watch.log" &
watch=$!
for _ in $(seq 60); do "${inside[@]}" "${health[@]}" 2>/dev/null && healthy=yes && break; sleep 1; done
[ "${healthy:-}" = yes ] || { cat "$work/watch.log"; exit 1; }
echo "watch: healthy"
kill -TERM $watch
wait $watch && echo "watch: ended by SIGTERM with exit code 0"
! "${inside[@]}" "${health[@]}" 2>/dev/null && echo "watch: unhealthy once it has ended"
