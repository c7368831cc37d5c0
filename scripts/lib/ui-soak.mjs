export async function soak() {}
