export async function contourTab() {
  return { async refresh() {}, end() {} };
}
