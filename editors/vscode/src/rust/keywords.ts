/** Words of Rust that no variable is called by; `self` is one. */
export const KEYWORDS: ReadonlySet<string> = new Set(
  (
    "as async await break const continue crate dyn else enum extern false fn for if impl in let " +
    "loop match mod move mut pub ref return Self static struct super trait true type union unsafe " +
    "use where while yield _"
  ).split(" "),
);

/** Types that are written like variables. */
export const PRIMITIVES: ReadonlySet<string> = new Set(
  (
    "bool char str u8 u16 u32 u64 u128 usize i8 i16 i32 i64 i128 isize f32 f64"
  ).split(" "),
);
