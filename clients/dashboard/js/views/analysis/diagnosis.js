export async function diagnosisTab() {
  return { async refresh() {}, end() {} };
}
