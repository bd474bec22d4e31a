/**
 * Functions of the system's C library, for what Bun offers no other way to.
 *
 * Loading the means to call them takes Bun a millisecond: never before the ports are open.
 *
 * Source: Bun's documentation, "FFI".
 */

/** What a function takes and returns, in Bun's names of C types. */
interface Signature {
  readonly args: readonly string[];
  readonly returns: string;
}

/** The part of `bun:ffi` that is used. */
interface BunFfi {
  dlopen(
    library: string,
    symbols: Readonly<Record<string, Signature>>,
  ): { readonly symbols: unknown };
}

const signatures = {
  madvise: { args: ["u64", "u64", "i32"], returns: "i32" },
  setsockopt: { args: ["i32", "i32", "i32", "ptr", "u32"], returns: "i32" },
  getsockopt: { args: ["i32", "i32", "i32", "ptr", "ptr"], returns: "i32" },
};

/** Every one returns 0, or -1 when the system refuses. */
export interface Libc {
  madvise(start: bigint, byteCount: bigint, advice: number): number;
  setsockopt(
    fd: number,
    level: number,
    option: number,
    value: Int32Array,
    byteCount: number,
  ): number;
  getsockopt(
    fd: number,
    level: number,
    option: number,
    value: Int32Array,
    byteCount: Int32Array,
  ): number;
}

let opened: Libc | undefined;

/** @throws outside Bun, and where the system is no Linux with the GNU library. */
export function libc(): Libc {
  opened ??= open();
  return opened;
}

function open(): Libc {
  const ffi = process.getBuiltinModule("bun:ffi") as unknown as BunFfi;
  return ffi.dlopen("libc.so.6", signatures).symbols as Libc;
}
