// What is a fault in a script of the dashboard; its form is set by prettier.
import js from "@eslint/js";
import globals from "globals";

const ABOVE = "it stands above this module: imports go from views to components, charts and stores, and on to the rest";

export default [
  js.configs.recommended,
  {
    languageOptions: { globals: globals.browser, ecmaVersion: 2024, sourceType: "module" },
    rules: {
      "no-unused-vars": ["error", { argsIgnorePattern: "^_" }],
      eqeqeq: "error",
      "no-eval": "error",
      "no-implied-eval": "error",
    },
  },
  // One direction of imports: views, then components, charts and stores, then what all of them stand on.
  {
    files: ["**/js/{components,charts,stores}/**"],
    rules: { "no-restricted-imports": ["error", { patterns: [{ group: ["**/views/**"], message: ABOVE }] }] },
  },
  {
    files: ["**/js/*.js"],
    ignores: ["**/js/main.js"],
    rules: {
      "no-restricted-imports": [
        "error",
        { patterns: [{ group: ["**/views/**", "**/components/**", "**/charts/**", "**/stores/**"], message: ABOVE }] },
      ],
    },
  },
];
