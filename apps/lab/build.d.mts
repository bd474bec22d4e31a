/** Makes the page. @returns its path. */
export function buildLab(): Promise<string>;
