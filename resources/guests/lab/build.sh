#!/bin/sh
# Builds the three Lab kernels next to this file with Debian's cross compilers.
#   ./build.sh            overwrites the three ELF files
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

# build NAME PREFIX DEFINE
build() {
    dir=$out/$1
    mkdir "$dir"
    cc=$2-gcc
    flags="-march=mips32r2 -mabi=32 -msoft-float -mno-abicalls -fno-pic -fno-pie -G0 -mno-mips16
        -ffreestanding -fno-builtin -nostdlib -nostdinc -O2 -std=gnu11 -Wall -Wextra -Werror
        -fno-strict-aliasing -fno-common -fno-stack-protector -fno-asynchronous-unwind-tables
        -fno-tree-loop-distribute-patterns -fno-ident -g0 -ffile-prefix-map=$here=. $3"
    link="-nostdlib -static -no-pie -Wl,--build-id=none -Wl,-z,max-page-size=4096
        -Wl,-z,noexecstack -Wl,--no-warn-rwx-segments"

    for s in lib/*.c user/*.c user/*.S; do
        $cc $flags -Iinclude -Iuser -c "$s" -o "$dir/user-$(basename "$s").o"
    done
    $cc $flags -Iinclude -Umips -E -P -x c user/user.lds -o "$dir/user.lds"
    (cd "$dir" && $cc $flags $link -T user.lds -o user-symbols.elf user-*.o)
    $2-objcopy -S "$dir/user-symbols.elf" "$dir/user.elf"
    # The kernel's symbol table also names the user program's code, as user_*.
    $2-readelf -sW "$dir/user-symbols.elf" | awk '$4 == "FUNC" {
        printf ".globl user_%s\n.type user_%s, @function\n", $8, $8
        printf "user_%s = 0x%s\n.size user_%s, %s\n", $8, $2, $8, $3
    }' >"$dir/user-names.S"
    $cc $flags -c "$dir/user-names.S" -o "$dir/kernel-user-names.o"

    for s in lib/*.c kernel/*.c kernel/*.S; do
        $cc $flags -Iinclude -Ikernel -Wa,-I"$dir" -c "$s" -o "$dir/kernel-$(basename "$s").o"
    done
    $cc $flags -Iinclude -Umips -E -P -x c kernel/kernel.lds -o "$dir/kernel.lds"
    (cd "$dir" && $cc $flags $link -T kernel.lds -o "$1.elf" kernel-*.o)
}

build lab-kvm-el mipsel-linux-gnu -DLAB_KVM
build lab-malta-el mipsel-linux-gnu -DLAB_MALTA
build lab-malta-eb mips-linux-gnu -DLAB_MALTA

bad=0
for name in lab-kvm-el lab-malta-el lab-malta-eb; do
    if [ "${1:-}" = --check ]; then
        cmp -s "$out/$name/$name.elf" "$name.elf" || {
            echo "build.sh: $name.elf differs from what the sources build (run ./build.sh, or use Debian 12's compilers)" >&2
            bad=1
        }
    else
        cp "$out/$name/$name.elf" "$name.elf"
        chmod 644 "$name.elf"
    fi
done
[ "${1:-}" != --check ] || [ $bad -ne 0 ] || echo "build.sh: all three kernels match the sources"
exit $bad
