#!/bin/sh
# Made by `volfix carry --script`: moves data into named volumes with nothing but the docker command.
# It may be run again at any time: what is carried already is left alone, what was interrupted begins anew.
# Nothing is deleted but what it made itself; the sources are only read.
set -eu

say() { printf 'volfix: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

project='' image=''
scratch=$(mktemp -d)
volume=
clean() {
  if [ -n "$volume" ]; then
    for id in $(docker ps -aq --filter "label=dev.volfix.carrier=$volume" --filter "label=dev.volfix.script"); do
      docker rm -v "$id" >/dev/null
    done
  fi
}
trap 'clean; rm -rf "$scratch"' EXIT
trap 'exit 130' INT TERM

# carrier MOUNT: a container that is never started, with this mount; prints its id
carrier() {
  docker create --network none --label "dev.volfix.carrier=$volume" --label dev.volfix.script \
    --mount "$1" --entrypoint /volfix "$image"
}

# same CONTAINER PATH CONTAINER PATH: the two archives are equal byte by byte: names, sizes, owners, modes, times, content
same() {
  rm -f "$scratch/pipe"
  mkfifo "$scratch/pipe"
  docker cp "$1:$2" - >"$scratch/pipe" &
  reader=$!
  differ=0
  docker cp "$3:$4" - | cmp -s - "$scratch/pipe" || differ=1
  wait "$reader" || differ=1
  return "$differ"
}

# container SERVICE PATH: the project's container of this service that has the path
container() {
  for id in $(docker ps -aq --filter "label=com.docker.compose.project=$project" \
      --filter "label=com.docker.compose.service=$1"); do
    if docker cp "$id:$2" - >/dev/null 2>&1; then
      printf '%s\n' "$id"
      return
    fi
  done
  fail "no container of service $1 has $2"
}

# users FILTER: the running containers that match, carriers left out
users() { docker ps -q --filter "$1"; }

stop() {
  for id in "$@"; do
    if [ "$(docker inspect -f '{{index .Config.Labels "com.docker.compose.project"}}' "$id")" != "$project" ]; then
      fail "$(docker inspect -f '{{.Name}}' "$id") belongs to something else and uses the data: stop it first"
    fi
    say "stopping $(docker inspect -f '{{.Name}}' "$id")"
    docker update --restart no "$id" >/dev/null
    docker stop "$id" >/dev/null
  done
}

# begin VOLUME KEY SOURCES: make the volume; fails (status 1) where it was filled before
begin() {
  volume=$1
  marker="volfix-carry-$1"
  marked=
  if docker inspect --type container "$marker" >/dev/null 2>&1; then marked=yes; fi
  if docker volume inspect "$1" >/dev/null 2>&1; then
    from=$(docker volume inspect -f '{{index .Labels "dev.volfix.carried-from"}}' "$1")
    if [ -n "$from" ] && [ -z "$marked" ]; then
      say "$1: carried already"
      return 1
    fi
    clean
    # shellcheck disable=SC2046
    stop $(users "volume=$1")
    if [ -z "$marked" ] || [ -z "$from" ]; then
      here=$(carrier "type=volume,src=$1,dst=/volfix/data,volume-nocopy")
      docker cp "$here:/volfix/data" - | dd bs=512 count=4 2>/dev/null | dd bs=512 skip=1 count=1 2>/dev/null |
        tr -d '\000' >"$scratch/second"
      docker rm -v "$here" >/dev/null
      [ ! -s "$scratch/second" ] || fail "$1 is not empty: nothing is carried"
    fi
    docker volume rm "$1" >/dev/null || fail "$1 is in use: remove the containers that have it (docker compose rm)"
  fi
  if [ -z "$marked" ]; then
    docker create --network none --name "$marker" --label "dev.volfix.carrier=$1" --entrypoint /volfix "$image" >/dev/null
  fi
  docker volume create --label "com.docker.compose.project=$project" --label "com.docker.compose.volume=$2" \
    --label "dev.volfix.carried-from=$3" "$1" >/dev/null
}

# tree CONTAINER PATH: copy a whole directory into the volume
tree() {
  to="/volfix/$(basename "$2")"
  there=$(carrier "type=volume,src=$volume,dst=$to,volume-nocopy")
  docker cp "$1:$2" - | docker cp - "$there:/volfix"
  same "$1" "$2" "$there" "$to" || fail "$volume: the copy differs from its source; it is not to be used"
}

# file CONTAINER PATH: copy one file into the volume
file() {
  there=$(carrier "type=volume,src=$volume,dst=/volfix/data,volume-nocopy")
  docker cp "$1:$2" - | docker cp - "$there:/volfix/data"
  same "$1" "$2" "$there" "/volfix/data/$(basename "$2")" || fail "$volume: the copy of $2 differs; it is not to be used"
}

# top: write the volume's own owner, mode and time from the archive header on standard input
top() {
  there=$(carrier "type=volume,src=$volume,dst=/volfix/data,volume-nocopy")
  { cat; dd if=/dev/zero bs=512 count=2 2>/dev/null; } | docker cp - "$there:/volfix"
}

finish() {
  clean
  docker rm "$marker" >/dev/null
  say "$volume: carried and compared"
  volume=
}
