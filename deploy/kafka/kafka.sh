#!/usr/bin/env bash
# A real Apache Kafka for development and tests, without installing one: needs Java 17 and Maven.
#
#   kafka.sh start [FOLDER]   start a broker with its data in FOLDER (a new temporary one by default), wait until it
#                             answers, and print its address; a FOLDER that was used before goes on with data and port
#   kafka.sh stop [FOLDER]    stop it; without FOLDER, the broker that was last started without one, and remove its data
#   kafka.sh jars             fetch the jars if they are not there, and print their folder
#   kafka.sh ready            exit with 0 if a broker can be started without fetching anything, else with 1
#   kafka.sh run CLASS ...    run a tool of Kafka, e.g. org.apache.kafka.tools.ConsoleConsumer
#
# KAFKA_CACHE     the folder that keeps the jars (.cache in the checkout by default)
# KAFKA_EXTRA     a file of broker properties to be added, when a FOLDER is first used
# KAFKA_FORMAT    more arguments for the storage tool, e.g. --add-scram, when a FOLDER is first used
# KAFKA_HEAP      heap of the broker (512m by default)
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${KAFKA_CACHE:-$(cd "$here/../.." && pwd)/.cache}
jars=$cache/kafka-$(cksum <"$here/pom.xml" | cut -d ' ' -f 1)  # other parts in pom.xml, another folder
archive=$jars/classes.jsa
shared=$archive
[ -e "$archive" ] || shared=

fail() { echo "kafka.sh: $*" >&2; exit 1; }

fetch_jars() {
  local work
  command -v java >/dev/null || fail "there is no Java; install a JDK or JRE of version 17 or later"
  [ -e "$jars" ] && return
  command -v mvn >/dev/null || fail "there is no Maven (mvn) to fetch Kafka's jars with"
  mkdir -p "$cache"
  echo "fetching Apache Kafka (55 MB, once)" >&2
  work=$(mktemp -d "$cache/kafka-fetch.XXXXXX")
  if ! mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$work/jars" >&2; then
    rm -rf "$work"
    fail "Maven could not fetch Apache Kafka"
  fi
  [ -e "$jars" ] || mv "$work/jars" "$jars"  # another fetch at the same time may have come first
  rm -rf "$work"
}

# Keep the classes that a broker loads in an archive: the next one then starts with two thirds of the processor time, and a
# tool with less than half. Where there is none, or one of another Java, Java does without.
archive_classes() {
  local work
  echo "starting a broker once, for an archive of its classes" >&2
  work=$(mktemp -d "$cache/kafka-classes.XXXXXX")
  if (KAFKA_EXTRA='' KAFKA_FORMAT='' classes_to=$work/classes.jsa start "$work/broker") >/dev/null; then
    stop "$work/broker"
    if java -Xshare:on -XX:SharedArchiveFile="$work/classes.jsa" -cp "$jars/*" -version >/dev/null 2>&1; then
      mv "$work/classes.jsa" "$archive"
    fi
  fi
  rm -rf "$work"
}

# Short lives: C2 and parallel collectors would cost more than they bring.
java_here() {
  exec java -XX:+UseSerialGC -XX:TieredStopAtLevel=1 ${shared:+"-XX:SharedArchiveFile=$shared"} \
    ${classes_to:+"-XX:ArchiveClassesAtExit=$classes_to"} -Dlog4j2.configurationFile="$here/log4j2.yaml" -cp "$jars/*" "$@"
}

free_port() {
  local port
  for _ in $(seq 50); do
    port=$((20000 + RANDOM % 12000))  # below the range from which the kernel gives ports away
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || { echo "$port"; return; }
  done
  fail "no free port"
}

# As `StorageTool random-uuid` makes them, without a JVM: 16 bytes in base64 for URLs, of which the last has 2 bits.
random_id() { echo "k$(head -c 15 /dev/urandom | base64 | tr '+/' '-_')A"; }

prepare() {
  local folder=$1 port controller
  port=$(free_port)
  controller=$(free_port)
  {
    cat "$here/server.properties"
    echo "log.dirs=$folder/data"
    echo "listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller"
    echo "advertised.listeners=PLAINTEXT://127.0.0.1:$port"
    echo "controller.quorum.voters=1@127.0.0.1:$controller"
    if [ -n "${KAFKA_EXTRA:-}" ]; then cat "$KAFKA_EXTRA"; fi
  } >"$folder/server.properties"
  # shellcheck disable=SC2086 # several arguments
  (classes_to='' java_here -Xmx256m kafka.tools.StorageTool format --cluster-id "$(random_id)" \
    --config "$folder/server.properties" ${KAFKA_FORMAT:-}) >"$folder/format.log" 2>&1 || fail "$(cat "$folder/format.log")"
  echo "127.0.0.1:$port" >"$folder/address"
}

start() {
  local folder=${1:-}
  fetch_jars
  if [ -z "$folder" ]; then
    folder=$(mktemp -d "${TMPDIR:-/tmp}/kafka.XXXXXX")
    mkdir -p "$cache"
    echo "$folder" >"$cache/kafka-last"
  fi
  mkdir -p "$folder"
  folder=$(cd "$folder" && pwd)
  [ -e "$folder/address" ] || prepare "$folder"
  for _ in $(seq 300); do  # one that was killed just now may not yet be gone, and still hold the port
    running "$folder" || break
    sleep 0.1
  done
  if running "$folder"; then fail "a broker is running in $folder"; fi
  (trap '' HUP; java_here -Xmx"${KAFKA_HEAP:-512m}" kafka.Kafka "$folder/server.properties") \
    >>"$folder/server.log" 2>&1 </dev/null &
  echo $! >"$folder/pid"
  local address
  address=$(cat "$folder/address")
  for _ in $(seq 300); do
    kill -0 "$(cat "$folder/pid")" 2>/dev/null || fail "the broker did not start: $(tail -5 "$folder/server.log")"
    if answers "$address"; then
      echo "$address"
      return
    fi
    sleep 0.2
  done
  fail "the broker did not answer within a minute; see $folder/server.log"
}

running() { [ -e "$1/pid" ] && kill -0 "$(cat "$1/pid")" 2>/dev/null; }

# The broker opens this port last, when it can serve.
answers() { (exec 3<>"/dev/tcp/${1/://}") 2>/dev/null; }

stop() {
  local folder=${1:-}
  local last=$cache/kafka-last
  [ -n "$folder" ] || { [ -e "$last" ] && folder=$(cat "$last"); } || fail "no broker was started"
  if [ -e "$folder/pid" ]; then
    local pid
    pid=$(cat "$folder/pid")
    kill "$pid" 2>/dev/null || true
    for _ in $(seq 150); do
      kill -0 "$pid" 2>/dev/null || break
      sleep 0.1
    done
    kill -9 "$pid" 2>/dev/null || true
    rm -f "$folder/pid"
  fi
  if [ -z "${1:-}" ]; then rm -rf "$folder" "$last"; fi
}

case "${1:-}" in
  start) start "${2:-}" ;;
  stop) stop "${2:-}" ;;
  jars) fetch_jars; [ -e "$archive" ] || archive_classes; echo "$jars" ;;
  ready) command -v java >/dev/null && [ -e "$jars" ] ;;
  run) fetch_jars; shift; java_here -Xmx256m "$@" ;;
  *) sed -n '2,16s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 2 ;;
esac
