export async function trialsTab() {
  return { async refresh() {}, end() {} };
}
