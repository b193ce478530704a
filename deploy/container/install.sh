#!/bin/sh
# Installs claimwire from a checkout into a folder of its own: what the build stage of the Dockerfile does, and what
# can be done without Docker. All that comes from a registry has the hashes of requirements.lock, the tool that builds
# claimwire's own wheel included.
#
#   deploy/container/install.sh CHECKOUT TARGET [PYTHON]
set -eu

checkout=$1
target=$2
python=${3:-python3}
wheels=$(mktemp -d)
trap 'rm -rf "$wheels"' EXIT

"$python" -m venv "$target"
"$target/bin/pip" install --no-cache-dir --disable-pip-version-check --quiet \
	--require-hashes --requirement "$checkout/deploy/requirements.lock"
# setuptools is in the lock. So nothing is fetched here, and what builds the wheel is what was hashed.
cp -R "$checkout" "$wheels/checkout"
"$target/bin/pip" wheel --no-cache-dir --disable-pip-version-check --quiet \
	--no-index --no-build-isolation --no-deps --wheel-dir "$wheels" "$wheels/checkout"
"$target/bin/pip" install --no-cache-dir --disable-pip-version-check --quiet \
	--no-index --no-deps "$wheels"/claimwire-*.whl
"$target/bin/pip" check --disable-pip-version-check
"$target/bin/claimwire" --version
