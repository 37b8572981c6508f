export async function parallelTab() {
  return { async refresh() {}, end() {} };
}
