export async function tradeoffTab() {
  return { async refresh() {}, end() {} };
}
