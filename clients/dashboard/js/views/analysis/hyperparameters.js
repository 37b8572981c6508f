export async function hyperparametersTab() {
  return { async refresh() {}, end() {} };
}
