// The document as a command or a program that submits it. No line of a JSON document is the heredocs' last word, and three
// quotes in a row occur in none.

const END = "END_OF_DEFINITION";

export function curl(text) {
  return `curl --fail-with-body "${location.origin}/v1/searches" \\
  -H "Authorization: Bearer $HEADSTOCK_TOKEN" \\
  -H "Content-Type: application/json" \\
  --data-binary @- <<'${END}'
${text.trimEnd()}
${END}
`;
}

export function commandLine(text) {
  return `cat > search.json <<'${END}'
${text.trimEnd()}
${END}
headstock --url "${location.origin}" submit search.json --watch
`;
}

export function python(text) {
  return `import json

import headstock

definition = json.loads(r"""
${text.trimEnd()}
""")

client = headstock.Client("${location.origin}")  # the token: HEADSTOCK_TOKEN, or the second argument
search = client.submit(definition)
search.wait(progress=True)
print(search.best()[0].hyperparameters)
`;
}
