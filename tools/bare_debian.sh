#!/usr/bin/env bash
# Run make on a bare Debian, as on a fresh machine: debootstrap's minbase with git, make and python3, in a chroot.
#
#   tools/bare_debian.sh [RELEASE [TARGET [CACHE]]]     as root; RELEASE: bookworm or trixie; TARGET: demo or test
#
# The last commit is cloned into a copy of the bare system, which is removed in the end. CACHE (by default
# ~/.cache/xenscmi-bare) keeps the bare system, one folder a release. apt and pip are set up as on this machine:
# apt's Acquire options, pip's files and variables, and the local folders that these name.
set -euo pipefail

release=${1:-bookworm} target=${2:-demo} cache=${3:-${XDG_CACHE_HOME:-$HOME/.cache}/xenscmi-bare}
project=$(git -C "$(dirname "$0")" rev-parse --show-toplevel)

fail() {
    echo "bare_debian: $1" >&2
    exit 2
}

[[ $release =~ ^(bookworm|trixie)$ ]] || fail "unknown release $release: take bookworm or trixie"
[[ $target =~ ^(demo|test)$ ]] || fail "unknown target $target: take demo or test"
[ "$(id -u)" -eq 0 ] || fail "run it as root: debootstrap and chroot need that"
command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install debootstrap"

# In a mount namespace of its own, so that no mount outlives this script and nothing is removed through one.
if [ -z "${BARE_DEBIAN_SYSTEM:-}" ]; then
    mkdir -p "$cache"
    if [ ! -d "$cache/$release" ]; then
        echo "bare_debian: making $cache/$release" >&2
        rm -rf "$cache/$release.part"
        debootstrap --variant=minbase --include=git,make,python3 "$release" "$cache/$release.part" >"$cache/$release.log" ||
            fail "debootstrap failed: see $cache/$release.log"
        mv "$cache/$release.part" "$cache/$release"
    fi
    system=$(mktemp -d "$cache/run-$release.XXXXXX")
    trap 'rm -rf --one-file-system "$system"' EXIT
    cp -a "$cache/$release/." "$system"
    BARE_DEBIAN_SYSTEM=$system unshare --mount "$0" "$release" "$target" "$cache"
    exit
fi

system=$BARE_DEBIAN_SYSTEM

# Make a local file or folder visible at the same place in the chroot, read-only.
share() {
    [ ! -e "$system$1" ] || return 0
    if [ -d "$1" ]; then
        mkdir -p "$system$1"
    else
        mkdir -p "$(dirname "$system$1")"
        touch "$system$1"
    fi
    mount --bind "$1" "$system$1"
    mount -o remount,bind,ro "$system$1" 2>/dev/null || true # some sandboxes cannot
}

mount --make-rprivate / 2>/dev/null || true
mount -t proc proc "$system/proc"
for name in resolv.conf hosts; do
    [ ! -e "/etc/$name" ] || cp -L "/etc/$name" "$system/etc/$name"
done
apt-config dump | grep '^Acquire::' >"$system/etc/apt/apt.conf.d/90-this-machine" || true

settings=()
for name in $(compgen -e | grep -E '^PIP_|^(https?|no)_proxy$|^(HTTPS?|NO)_PROXY$' || true); do
    settings+=("$name=${!name}")
done
# Under a name of its own: the chroot's own package of certificates writes the usual one.
if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
    cp -L /etc/ssl/certs/ca-certificates.crt "$system/etc/this-machine.crt"
    settings+=("PIP_CERT=/etc/this-machine.crt")
fi
files=()
for name in /etc/pip.conf /etc/xdg/pip "$HOME/.config/pip" "$HOME/.pip"; do
    if [ -e "$name" ]; then
        inside=$system${name/#$HOME\//\/root\/}
        mkdir -p "$(dirname "$inside")"
        cp -rL "$name" "$inside"
        files+=("$name")
    fi
done
for path in $({
    printf '%s\n' "${settings[@]}"
    [ ${#files[@]} -eq 0 ] || grep -rhv '^ *#' "${files[@]}"
} | grep -oP '(?<![\w:/.])(file://)?\K/[^\s"]+' | sort -u); do
    path=${path%/simple} # an index on disk: its links lead to files beside it
    [[ ! -e $path || $path == /etc/ssl/* ]] || share "$path"
done

git clone --quiet --no-hardlinks "$project" "$system/root/xenscmi"
echo "bare_debian: make $target on $(cat "$system/etc/debian_version"), $(git -C "$project" log -1 --format='%h %s')" >&2
started=$SECONDS status=0
chroot "$system" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin "${settings[@]}" \
    make -C /root/xenscmi "$target" </dev/null || status=$?
echo "bare_debian: make $target on $release: exit code $status after $((SECONDS - started)) s" >&2
exit "$status"
