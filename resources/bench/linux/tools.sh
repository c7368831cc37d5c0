#!/bin/sh
# tools.sh NAME PASSES: one of busybox's tools over busybox itself, PASSES times, between the lines
# `start NAME` and `done NAME CHECKSUM`.
name=$1 files= i=0
while [ $i -lt "$2" ]; do
    files="$files /bin/busybox"
    i=$((i + 1))
done
echo "start $name"
case $name in
sha256) sum=$(sha256sum $files | tail -n 1) ;;
md5) sum=$(md5sum $files | tail -n 1) ;;
gzip)
    for file in $files; do
        gzip -c <$file >/tmp/packed
    done
    sum=$(md5sum </tmp/packed)
    rm /tmp/packed
    ;;
esac
echo "done $name ${sum%% *}"
