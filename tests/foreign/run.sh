#!/bin/sh
# Hold the documents of two examples against tools of others. What they install goes to $1.
#
#   openapi-spec-validator   both versions of OpenAPI
#   redocly                  lint; what is left out of its rules, and why, stands in redocly.yaml
#   openapi-typescript, tsc  the types of redirects and errors, used under --strict
#   openapi-python-client    a client of the 3.1 form, against a running server
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
bin=${BIN:-$root/.venv/bin}
work=${1:?usage: run.sh DIRECTORY}
mkdir -p "$work"
cd "$work"

[ -d node_modules ] || npm install --no-audit --no-fund --silent \
    openapi-typescript@7 typescript@5 @redocly/cli@2
[ -d venv ] || { "$bin/python" -m venv venv && venv/bin/pip install -q openapi-python-client; }

for example in accounts shortener; do
    for version in 3.2.0 3.1.1; do
        "$bin/python" -m redirflow openapi "$root/examples/$example.py" \
            --version $version --output "$example-$version.json"
        "$bin/python" -m openapi_spec_validator "$example-$version.json"
    done
    node_modules/.bin/redocly lint --config "$here/redocly.yaml" "$example-3.2.0.json"
    # A field of an input with a default may be left out: without the option it may not.
    node_modules/.bin/openapi-typescript "$example-3.2.0.json" --output "$example.ts" \
        --default-non-nullable=false
    rm -rf "$example-client"
    venv/bin/openapi-python-client generate --path "$example-3.1.1.json" \
        --meta none --output-path "$example-client"
done

cp "$here/uses.ts" .
node_modules/.bin/tsc --strict --noEmit --target es2022 uses.ts
rm -rf accounts_client && mv accounts-client accounts_client
PYTHONPATH=. venv/bin/python "$here/drive.py" "$bin/python" "$root/examples/accounts.py"
