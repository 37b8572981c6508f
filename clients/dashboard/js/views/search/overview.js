export async function overviewTab() {
  return { async refresh() {}, end() {} };
}
