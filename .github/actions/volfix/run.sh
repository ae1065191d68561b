#!/usr/bin/env bash
# Run volfix for the action: annotations on standard output, SARIF in a file, and the status for the step that fails.
set -euo pipefail

command=${VOLFIX_COMMAND:-}
if [ -z "$command" ]; then
    python3 -m venv "$RUNNER_TEMP/volfix"
    "$RUNNER_TEMP/volfix/bin/pip" install --quiet "$GITHUB_ACTION_PATH/../../.."
    command=$RUNNER_TEMP/volfix/bin/volfix
fi

words=()
while IFS= read -r word; do
    [ -z "$word" ] || words+=("$word")
done <<<"${VOLFIX_ARGUMENTS:-}"
words+=(--)
while IFS= read -r word; do
    [ -z "$word" ] || words+=("$word")
done <<<"${VOLFIX_PATHS:-.}"

sarif=$RUNNER_TEMP/volfix.sarif
status=0
"$command" --output-format github --output-format sarif --output-file "$sarif" "${words[@]}" || status=$?
if [ -s "$sarif" ]; then
    echo "sarif=$sarif" >>"$GITHUB_OUTPUT"
fi
echo "status=$status" >>"$GITHUB_OUTPUT"
