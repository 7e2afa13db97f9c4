//! What rustc 1.63 does not have: `let ... else`, values of labelled blocks, numbers of variants
//! with fields.

use crate::{at_stop, show};

#[repr(u64)]
#[derive(Debug, Clone)]
enum Mid {
    A = u64::MAX,
    B(u16) = 1 << 63,
}

#[inline(never)]
pub(crate) fn all() {
    let mid = (Mid::A, Mid::B(9));
    at_stop(29);
    show!(mid);
    left_early(Some((5, "t".into())));
    left_early(None);
}

#[inline(never)]
fn left_early(input: Option<(u32, String)>) {
    let Some((number, ref text)) = input else {
        at_stop(30);
        show!(input);
        return;
    };
    let value = 'outer: {
        if number > 1 {
            break 'outer 5_u8;
        }
        6
    };
    at_stop(31);
    show!(number, text, value);
}
