// Bundles the dashboard's libraries into clients/dashboard/vendor, with their licences and versions beside them.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const there = fileURLToPath(new URL("../../clients/dashboard/vendor/", import.meta.url));
const LICENCE_FILES = ["LICENSE", "LICENSE.txt", "LICENSE.md", "CopyrightNotice.txt"];

const read = (name, file) => readFileSync(`${here}node_modules/${name}/${file}`, "utf8");
const licence = (name) => {
  for (const file of LICENCE_FILES) {
    try {
      return read(name, file).trim();
    } catch {
      /* the next name */
    }
  }
  throw new Error(`${name} has no licence file`);
};

const versions = {};
for (const bundle of ["echarts", "codemirror"]) {
  const made = await build({
    entryPoints: [`${here}${bundle}.js`],
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    metafile: true,
    legalComments: "none",
    write: false,
    define: { "process.env.NODE_ENV": '"production"' },
  });
  const inside = Object.keys(made.metafile.inputs)
    .map((path) => path.match(/node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1])
    .filter(Boolean);
  const packages = [...new Set(inside)].sort();
  const bytes = made.outputFiles[0].contents;
  writeFileSync(`${there}${bundle}.js`, bytes);
  versions[`${bundle}.js`] = {
    packages: Object.fromEntries(
      packages.map((name) => {
        const stated = JSON.parse(read(name, "package.json"));
        return [name, { version: stated.version, license: stated.license }];
      }),
    ),
    sha256: createHash("sha256").update(bytes).digest("hex"),
  };
  writeFileSync(
    `${there}${bundle}.LICENSE.txt`,
    packages.map((name) => `${name}\n${"=".repeat(name.length)}\n\n${licence(name)}\n`).join("\n\n"),
  );
}
writeFileSync(`${there}versions.json`, `${JSON.stringify(versions, null, 2)}\n`);
