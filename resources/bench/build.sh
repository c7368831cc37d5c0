#!/bin/sh
# Builds the benchmark's guests next to this file with Debian's cross compilers.
#   ./build.sh            overwrites the ELF files
#   ./build.sh --check    builds aside and fails if the bytes differ
set -eu
cd "$(dirname "$0")"
here=$(pwd)
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT

for tool in mipsel-linux-gnu-gcc mips-linux-gnu-gcc; do
    command -v "$tool" >/dev/null || {
        echo "build.sh: $tool is missing (Debian: gcc-mipsel-linux-gnu and gcc-mips-linux-gnu)" >&2
        exit 2
    }
done

common="-march=mips32r2 -mabi=32 -mhard-float -mfp32 -mno-abicalls -fno-pic -fno-pie -G0 -mno-mips16
    -ffreestanding -fno-builtin -nostdlib -nostdinc -O2 -std=gnu11 -Wall -Wextra -Werror
    -Wno-parentheses -Wno-missing-field-initializers
    -fno-strict-aliasing -fno-common -fno-stack-protector -fno-asynchronous-unwind-tables
    -fno-math-errno -fno-tree-loop-distribute-patterns -fno-ident -g0 -ffile-prefix-map=$here=."
link="-nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,max-page-size=4096
    -Wl,-z,noexecstack -Wl,--no-warn-rwx-segments"

# malta NAME PREFIX: the programs with a prompt of their own, on the bare board
malta() {
    mkdir "$out/$1"
    for s in programs/*.c malta/*.c malta/*.S; do
        $2-gcc $common -Iinclude -Iprograms -c "$s" -o "$out/$1/$(basename "$s").o"
    done
    cp malta/bench.lds "$out/$1"
    (cd "$out/$1" && $2-gcc $common $link -T bench.lds -o "$1" ./*.o && $2-strip -s "$1")
}

# linux NAME PREFIX: a program for Linux, without a library
linux() {
    mkdir "$out/$1"
    for s in linux/*.c linux/*.S programs/string.c; do
        $2-gcc $common -Iinclude -c "$s" -o "$out/$1/$(basename "$s").o"
    done
    (cd "$out/$1" && $2-gcc $common $link -o "$1" ./*.o && $2-strip -s "$1")
}

malta bench-malta-el.elf mipsel-linux-gnu
malta bench-malta-eb.elf mips-linux-gnu
linux bench-linux-el.elf mipsel-linux-gnu

bad=0
for name in bench-malta-el.elf bench-malta-eb.elf bench-linux-el.elf; do
    if [ "${1:-}" = --check ]; then
        cmp -s "$out/$name/$name" "$name" || {
            echo "build.sh: $name differs from what the sources build (run ./build.sh, or use Debian 12's compilers)" >&2
            bad=1
        }
    else
        cp "$out/$name/$name" "$name"
        # `kseg initramfs` keeps whether a file can be run.
        case $name in
        bench-linux-*) chmod 755 "$name" ;;
        *) chmod 644 "$name" ;;
        esac
    fi
done
[ "${1:-}" != --check ] || [ $bad -ne 0 ] || echo "build.sh: the benchmark's guests match the sources"
exit $bad
