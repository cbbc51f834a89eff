# Sourced by scripts that start servers, at free ports and with databases of their own. What they
# start is ended with them.

dir=$(mktemp -d)
server=
others=()
trap 'kill $server "${others[@]}" 2>/dev/null || true; rm -rf "$dir"' EXIT

# Waits until a command names an address: await what pid command...
await() {
    local what=$1 pid=$2 url
    shift 2
    for _ in $(seq "${PATIENCE:-150}"); do
        url=$("$@")
        [ -z "$url" ] || break
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    if [ -z "$url" ]; then
        echo "$what did not start:" >&2
        cat "$dir"/log "$dir/$what" >&2 2>/dev/null
        exit 1
    fi
    echo "$url"
}

# Starts a server with these settings: serve NAME=value...
serve() {
    local data
    data=$(mktemp -d -p "$dir")
    env -u DATABASE_URL HOST=127.0.0.1 PORT=0 DATA_DIR="$data" EMBEDDED_PACE=0 "$@" \
        target/debug/mula serve >"$dir/out" 2>"$dir/log" &
    server=$!
    url=$(await 'The server' $server sed -n 's/^ *GraphQL *//p' "$dir/out")
}

# It has to stop when told to, and say that all went well.
stop() {
    kill -TERM "$server"
    wait "$server"
    server=
}
