export async function importanceTab() {
  return { async refresh() {}, end() {} };
}
