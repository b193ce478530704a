#!/bin/bash
# Builds the image without Docker, and runs it as docs/containers.md says: no root, no network, nothing writable but the
# volume and /tmp. For machines that reach no registry of images: Debian's packages make the base.
#
#   deploy/container/prove.sh FOLDER      as root, with mmdebstrap and buildah; FOLDER is for the base and the image
#
# BUILD_OPTIONS are given to `buildah build`, e.g. --volume of certificates and of pip's configuration.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
checkout=$(cd "$here/../.." && pwd)
work=$(mkdir -p "$1" && cd "$1" && pwd)
export STORAGE_DRIVER=vfs BUILDAH_ISOLATION=chroot
store=(--root "$work/storage" --runroot "$work/run")
base=localhost/claimwire-base image=localhost/claimwire

if [ ! -e "$work/base/usr/bin/python3" ]; then
	echo "base: Debian with Python"
	mmdebstrap --quiet --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$work/base" ${MIRROR:+"$MIRROR"}
fi
container=$(buildah "${store[@]}" from scratch)
buildah "${store[@]}" copy --quiet "$container" "$work/base" / >/dev/null
buildah "${store[@]}" commit --quiet "$container" "$base" >/dev/null
buildah "${store[@]}" rm "$container" >/dev/null

echo "image: deploy/container/Dockerfile on it"
# shellcheck disable=SC2086 # several options
buildah "${store[@]}" build --format docker --file "$here/Dockerfile" --ignorefile "$here/Dockerfile.dockerignore" \
	--build-arg "PYTHON_IMAGE=$base" --build-arg "REVISION=$(git -C "$checkout" rev-parse HEAD)" \
	${BUILD_OPTIONS:-} --tag "$image" "$checkout" >"$work/build.log"

container=$(buildah "${store[@]}" from "$image")
root=$(buildah "${store[@]}" mount "$container")
trap 'buildah "${store[@]}" rm "$container" >/dev/null' EXIT
python3 - "$work/image.json" "$(buildah "${store[@]}" inspect --type image "$image")" <<'PYTHON'
import json, sys
config = json.loads(sys.argv[2])["Docker"]["config"]
json.dump(config, open(sys.argv[1], "w"))
assert config["User"] == "10001:10001" and config["Volumes"] == {"/var/lib/claimwire": {}}, config
print("image:", config["Entrypoint"], config["Cmd"], "as", config["User"], config["Labels"])
PYTHON

rm -rf "$work/volume" && install --directory --owner 10001 --group 10001 "$work/volume"
install --directory "$work/etc" && cat >"$work/etc/claimwire.yaml" <<'YAML'
source: [/examples/feeds.opml, /examples/articles, /examples/wire.jsonl]
sink: [jsonl:/var/lib/claimwire/news, sqlite:/var/lib/claimwire/news.db]
state: /var/lib/claimwire/state
full_text: never
every: 5s
YAML
unshare --mount --net --pid --fork --kill-child "$here/prove-inside.sh" "$root" "$work" "$checkout"
