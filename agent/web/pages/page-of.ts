/** The page of a list that an address asks for, the first (1) where it asks for none; `from` to `to` are its lines. */
export function pageOf(
  asked: unknown,
  count: number,
  size: number,
): { page: number; pages: number; from: number; to: number } {
  const pages = Math.max(1, Math.ceil(count / size));
  const page = Math.min(pages, Math.max(1, Number.parseInt(String(asked ?? "1"), 10) || 1));
  return { page, pages, from: (page - 1) * size, to: page * size };
}
