/** A value of the model while its parts are put in: where there are thousands, keys that may be absent are set one by one. */
export type Mutable<T> = { -readonly [Key in keyof T]: T[Key] }
