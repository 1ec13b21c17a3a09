/** How a point in time and the time since then are said; both are ISO 8601. */
export type Times = { readonly at: (iso: string) => string; readonly ago: (iso: string) => string }
