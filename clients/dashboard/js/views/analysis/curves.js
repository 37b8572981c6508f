export async function curvesTab() {
  return { async refresh() {}, end() {} };
}
