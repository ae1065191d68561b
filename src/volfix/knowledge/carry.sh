#!/bin/sh
# Made by `volfix carry --script`: moves data into named volumes with nothing but the docker command.
# It may be run again at any time: what is carried already is left alone, what was interrupted begins anew.
# Nothing is deleted but what it made itself; the sources are only read.
set -eu

say() { printf 'volfix: %s\n' "$*" >&2; }
fail() { say "$*"; exit 1; }

for tool in cat docker cmp date dd mkfifo mktemp sleep sort tr uname wc; do
  command -v "$tool" >/dev/null || fail "there is no $tool command here"
done

project='' former='' image='' in_memory='' mine=''
newline='
'
patience=60  # seconds in which an engine has to write what it has in memory, and to end
scratch=$(mktemp -d)
: >"$scratch/asked"
: >"$scratch/stopped"
volume='' filled=''
clean() {
  if [ -n "$volume" ]; then
    for id in $(docker ps -aq --filter "label=dev.volfix.carrier=$volume" --filter "label=dev.volfix.script"); do
      docker rm -v "$id" >/dev/null
    done
  fi
}

# back: after a failure all is as it was: volumes that this run filled go, as the services write to the sources again
back() {
  for name in $filled; do
    if docker volume rm "$name" >/dev/null 2>&1; then
      docker volume rm "volfix-carry-$name" >/dev/null 2>&1
      docker rm -v "volfix-carry-$name" >/dev/null 2>&1
      say "$name is removed again: the data is where it was"
    else
      docker volume create --label "dev.volfix.carrier=$name" "volfix-carry-$name" >/dev/null
      say "$name is in use, and not to be used: its data is where it was"
    fi
  done
  while read -r id policy name; do
    while read -r asked; do
      [ "$asked" != "$id" ] || ended "$id" || say "$name goes on, and was asked to stop"
    done <"$scratch/asked"
    docker update --restart "$policy" "$id" >/dev/null || say "$name has lost its restart policy, $policy"
    if docker start "$id" >/dev/null; then say "$name runs again"; else say "$name cannot be started again"; fi
  done <"$scratch/stopped"
}
# ended CONTAINER: wait until it has ended; fails where it runs on
ended() {
  seconds=0
  while [ "$(docker inspect -f '{{.State.Running}}' "$1")" = true ]; do
    seconds=$((seconds + 1))
    [ "$seconds" -le "$patience" ] || return 1
    sleep 1
  done
}

# lock: one script of a project at a time. It is a container that runs as long as this script, or what it has started,
# holds its input, wherever the others run; where it ends in any way, the engine removes it.
holder=''
lock() {
  mkfifo "$scratch/lock"
  waited=
  while :; do
    rm -f "$scratch/holder"
    docker run --rm -i --network none --cidfile "$scratch/holder" --name "volfix-carry-lock-$project" \
      --entrypoint cat "$image" <"$scratch/lock" >/dev/null 2>"$scratch/refused" &
    holder=$!
    exec 9>"$scratch/lock"
    while kill -0 "$holder" 2>/dev/null; do
      if [ -s "$scratch/holder" ] &&
        [ "$(docker inspect -f '{{.State.Running}}' "$(cat "$scratch/holder")" 2>/dev/null)" = true ]; then
        return
      fi
      sleep 1
    done
    exec 9>&-
    case "$(cat "$scratch/refused")" in
      *'already in use'*) ;;
      *)
        holder=
        say "the image has no cat command, with which this script could lock others out: run no other carry now"
        return
        ;;
    esac
    [ -n "$waited" ] || say "another carry of $project is at work: waiting for its end"
    waited=yes
    sleep 1
  done
}

# let_go: others may begin
let_go() {
  if [ -n "$holder" ]; then
    exec 9>&-
    wait "$holder"
    holder=
  fi
}

leave() {
  status=$?
  trap '' HUP INT TERM
  set +e
  clean
  [ "$status" -eq 0 ] || back
  let_go
  rm -rf "$scratch"
  exit "$status"
}
trap leave EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

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

# likeness CONTAINER: its project, service, image and mounts
likeness() {
  docker inspect -f '{{index .Config.Labels "com.docker.compose.project"}}|{{index .Config.Labels "com.docker.compose.service"}}|{{.Config.Image}}{{range .Mounts}}{{println}}{{.Destination}}={{.Type}}:{{if eq .Type "volume"}}{{.Name}}{{else}}{{.Source}}{{end}}{{end}}' "$1" |
    LC_ALL=C sort | tr '\n' ' '
}

# own CONTAINER: it is as one of the project's was when this script was made. The names alone may be another project's.
own() {
  like=$(likeness "$1")
  case "$newline$mine$newline" in *"$newline${like% }$newline"*) ;; *) return 1 ;; esac
}

# container SERVICE PATH: the project's container of this service that has the path
container() {
  for name in "$project" "$former"; do
    for id in $(docker ps -aq --filter "label=com.docker.compose.project=$name" \
        --filter "label=com.docker.compose.service=$1"); do
      if own "$id" && docker cp "$id:$2" - >/dev/null 2>&1; then
        printf '%s\n' "$id"
        return
      fi
    done
  done
  fail "no container of service $1 has $2"
}

# empty CONTAINER DIRECTORY: after the directory's own header the archive ends
empty() {
  docker cp "$1:$2" - 2>/dev/null | dd bs=1 count=1536 2>/dev/null >"$scratch/begin"
  [ "$(wc -c <"$scratch/begin")" -eq 1536 ] || fail "$2 in $1 cannot be read"
  [ -z "$(dd bs=512 skip=1 count=1 <"$scratch/begin" 2>/dev/null | tr -d '\000')" ]
}

# users FILTER: the running containers that match, carriers left out
users() { docker ps -q --filter "$1"; }

# end CONTAINER: as its engine may have rows in memory only, it is asked to stop, and never killed
end() {
  signal=$(docker inspect -f '{{.Config.StopSignal}}' "$1")
  echo "$1" >>"$scratch/asked"
  docker kill -s "${signal:-SIGTERM}" "$1" >/dev/null 2>&1 || say "it has ended, or hears no signal"
  ended "$1" || fail "it runs on, and is not killed: its log says why. Stop it so that it saves, and run this again"
}

# gone CONTAINER: it has been removed since it was listed, as others deploy too; else it is a failure
gone() {
  left=$(docker ps -aq --filter "id=$1") || fail "the engine does not answer"
  [ -z "$left" ] || fail "container $1 cannot be looked at"
}

stop() {
  for id in "$@"; do
    name=$(docker inspect -f '{{.Name}}' "$id" 2>/dev/null) || { gone "$id"; continue; }
    name=${name#/}
    own "$id" || fail "$name uses the data, and is none of the containers that this script was made for: stop it first, or make the script again"
    say "stopping $name"
    policy=$(docker inspect -f '{{.HostConfig.RestartPolicy.Name}}:{{.HostConfig.RestartPolicy.MaximumRetryCount}}' "$id")
    case "$policy" in on-failure:*) ;; :*) policy=no ;; *) policy=${policy%%:*} ;; esac
    printf '%s %s %s\n' "$id" "$policy" "$name" >>"$scratch/stopped"
    docker update --restart no "$id" >/dev/null || fail "it cannot be stopped"
    case " $in_memory " in
      *" $(docker inspect -f '{{index .Config.Labels "com.docker.compose.service"}}' "$id") "*) end "$id" ;;
    esac
    docker stop "$id" >/dev/null || fail "it cannot be stopped"
  done
}

# retire: the project's containers under its former name hold no port and no name any more; none is removed
retire() {
  for id in $(docker ps -aq --filter "label=com.docker.compose.project=$former"); do
    name=$(docker inspect -f '{{.Name}}' "$id" 2>/dev/null) || { gone "$id"; continue; }
    name=${name#/}
    if ! own "$id"; then
      say "left alone: $name, of the project name $former"
      continue
    fi
    [ "$(docker inspect -f '{{.State.Running}}' "$id")" = false ] || stop "$id"
    case "$name" in
      *-before-carry-*) ;;
      *)
        docker rename "$id" "$name-before-carry-$(date -u +%Y%m%dT%H%M%S)" || fail "$name cannot be renamed"
        say "stopped and kept: the old container $name"
        ;;
    esac
  done
}

# keep: what an interrupted run left goes to another volume, as somebody may have begun to use it
keep() {
  here=$(carrier "type=volume,src=$volume,dst=/volfix/data,volume-nocopy")
  if ! empty "$here" /volfix/data; then
    kept="$volume-before-carry-$(date -u +%Y%m%dT%H%M%S)"
    say "copying $volume, which an interrupted run left, to $kept: $(docker cp "$here:/volfix/data" - | wc -c) bytes, whose rows cannot be counted here"
    docker volume create "$kept" >/dev/null || fail "nothing is carried"
    there=$(carrier "type=volume,src=$kept,dst=/volfix/data,volume-nocopy")
    docker cp "$here:/volfix/data" - | docker cp - "$there:/volfix" || fail "$volume cannot be copied"
    same "$here" /volfix/data "$there" /volfix/data || fail "the copy of $volume differs: nothing is carried"
    docker rm -v "$there" >/dev/null || fail "$there cannot be removed"
  fi
  docker rm -v "$here" >/dev/null || fail "$here cannot be removed"
}

# begin VOLUME KEY SOURCES FILTER...: stop the containers that have the sources, which the filters find, and make the
# volume. Fails (status 1) where the volume was filled before: then none of these containers may run. (It is called in a
# condition, where `set -e` does not count.)
begin() {
  volume=$1 key=$2 sources=$3
  shift 3
  marker="volfix-carry-$volume"
  marked=
  # A volume, which `docker container prune` leaves, and a container, which `docker volume prune` leaves.
  locked=
  if owner=$(docker inspect --type container -f '{{index .Config.Labels "dev.volfix.process"}}' "$marker" 2>/dev/null); then
    locked=yes marked=yes
    case "$owner" in
      '') ;;
      "$(uname -n):"*) ! kill -0 "${owner##*:}" 2>/dev/null || fail "volfix carry (process ${owner##*:}) is at work on $volume" ;;
      *) fail "volfix carry may be at work on $volume, from ${owner%:*}. If it is not: docker rm $marker" ;;
    esac
  fi
  if docker volume inspect "$marker" >/dev/null 2>&1; then marked=yes; fi
  if docker volume inspect "$volume" >/dev/null 2>&1; then
    from=$(docker volume inspect -f '{{index .Labels "dev.volfix.carried-from"}}' "$volume")
    if [ -n "$from" ] && [ -z "$marked" ]; then
      for filter in "$@"; do
        [ -z "$(users "$filter")" ] || fail "$volume is filled, and $sources is written again: run volfix carry"
      done
      say "$volume: carried already"
      return 1
    fi
    clean
    # shellcheck disable=SC2046
    stop $(users "volume=$volume")
    if [ -z "$marked" ] || [ -z "$from" ]; then
      here=$(carrier "type=volume,src=$volume,dst=/volfix/data,volume-nocopy")
      empty "$here" /volfix/data || fail "$volume is not empty: nothing is carried"
      docker rm -v "$here" >/dev/null || fail "$here cannot be removed"
    else
      keep
    fi
    docker volume rm "$volume" >/dev/null || fail "$volume is in use by $(docker ps -a --filter "volume=$volume" --format '{{.Names}}' | tr '\n' ' '): nothing is carried"
  fi
  for filter in "$@"; do
    # shellcheck disable=SC2046
    stop $(users "$filter")
  done
  sleep 1 # whole seconds are noted: what the containers wrote at their end is older, what comes later is newer
  docker volume create --label "dev.volfix.carrier=$volume" "$marker" >/dev/null || fail "nothing is carried"
  if [ -z "$locked" ]; then
    docker create --network none --name "$marker" --label "dev.volfix.carrier=$volume" --entrypoint /volfix "$image" \
      >/dev/null || fail "nothing is carried"
  fi
  docker volume create --label "com.docker.compose.project=$project" --label "com.docker.compose.volume=$key" \
    --label "dev.volfix.carried-from=$sources" --label "dev.volfix.carried-at=$(date +%s)" "$volume" >/dev/null || fail "nothing is carried"
  filled="$filled $volume"
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

# finish FILE...: the data cannot be without these files, or any
finish() {
  there=$(carrier "type=volume,src=$volume,dst=/volfix/data,volume-nocopy")
  if empty "$there" /volfix/data; then fail "$volume: the source holds nothing: it is not to be used"; fi
  for file in "$@"; do
    docker cp "$there:/volfix/data/$file" - >/dev/null 2>&1 || fail "$volume: the source holds no $file: it is not to be used"
  done
  clean
  docker volume rm "$marker" >/dev/null
  docker rm -v "$marker" >/dev/null
  say "$volume: carried and compared"
  volume=
}
