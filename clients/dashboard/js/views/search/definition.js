export async function definitionTab() {
  return { async refresh() {}, end() {} };
}
