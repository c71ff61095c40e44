#!/usr/bin/env bash
# For tests on machines without a registry, and for nothing else: makes an image under the name that the Dockerfile
# builds on, out of Debian packages and the Rust toolchain of this machine, unless the engine has it or can pull it.
# It carries the label airhatch.stand-in=true. Needs root, Debian's mirror (DEBIAN_MIRROR) and 1 GB; takes a minute.
set -euo pipefail
cd "$(dirname "$0")/../.."

image=$(sed -n 's/^ARG RUST_IMAGE=//p' docker/Dockerfile)
if docker image inspect "$image" >/dev/null 2>&1; then
  echo "$image is here"
  exit
fi
if timeout 600 docker pull --quiet "$image" 2>/dev/null; then
  exit
fi
echo "$image cannot be pulled: making a stand-in from Debian and this machine's Rust"

wanted=${image#*:}
wanted=${wanted%%-*}
suite=${image##*-}
toolchain=$(rustc --print sysroot)
found=$("$toolchain/bin/rustc" --version | cut -d' ' -f2)
case $found in
  "$wanted" | "$wanted".*) ;;
  *)
    echo "the image needs Rust $wanted, this machine has $found" >&2
    exit 1
    ;;
esac
if [ "$(id -u)" != 0 ]; then
  echo "debootstrap needs root" >&2
  exit 1
fi
if ! command -v debootstrap >/dev/null; then
  apt-get update -q
  apt-get install -q -y --no-install-recommends debootstrap
fi

work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
tree=$work/tree
debootstrap --variant=minbase --include=ca-certificates,gcc,libc6-dev,make,perl "$suite" "$tree" \
  "${DEBIAN_MIRROR:-http://deb.debian.org/debian}" >"$work/log" || {
  tail -n 20 "$work/log" >&2
  exit 1
}
rm -rf "$tree"/var/cache/apt/* "$tree"/var/lib/apt/lists/* "$tree"/usr/share/{doc,man,locale,info}/*
cp "$toolchain"/bin/{cargo,rustc} "$tree/usr/local/bin/"
cp -P "$toolchain"/lib/lib* "$tree/usr/local/lib/"
mkdir -p "$tree/usr/local/lib/rustlib"
cp -r "$toolchain/lib/rustlib/$("$toolchain/bin/rustc" -vV | sed -n 's/^host: //p')" "$tree/usr/local/lib/rustlib/"
# A network may check what it lets through with a root certificate of its own.
cp -L /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/ca-certificates.crt"

tar -C "$tree" --one-file-system --numeric-owner -c . | docker import \
  --change 'LABEL airhatch.stand-in=true' \
  --change 'ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin CARGO_HOME=/usr/local/cargo' \
  --message 'stand-in of a test' - "$image"
