//! Arrays of several dimensions.

use nalgebra::{DMatrix, DVector, Matrix2x3, RowDVector, Vector3};
use ndarray::{arr0, array, Array2, ArrayD, IxDyn};

pub fn arrays() {
    let line = array![1, 2, 3];
    let table = array![[1.5, 2.0], [3.0, 4.0], [5.0, 6.0]];
    let turned = table.t();
    let backwards = line.slice(ndarray::s![..;-1]);
    let column = table.column(1);
    let cube = ndarray::Array3::<u8>::zeros((2, 1, 3));
    let empty = Array2::<i32>::zeros((0, 3));
    let scalar = arr0(7);
    let free = ArrayD::<u16>::ones(IxDyn(&[2, 2]));
    let many = ArrayD::<u16>::zeros(IxDyn(&[1, 1, 1, 1, 1, 2]));
    let old = ndarray_flat::array![[1, 2], [3, 4]];
    let old_view = old.view();
    ready::keep(&(table[[1, 0]], line[2]));
    ready::keep(&(&line, &table, &turned, &backwards, &column, &cube));
    ready::keep(&(&empty, &scalar, &free, &many, &old, &old_view)); // @arrays
}

pub fn matrices() {
    let fixed = Matrix2x3::new(1, 2, 3, 4, 5, 6);
    let vector = Vector3::new(1.0, 2.5, 3.0);
    let dynamic = DMatrix::from_row_slice(2, 3, &[1u8, 2, 3, 4, 5, 6]);
    let column = DVector::from_vec(vec![7, 8, 9]);
    let row = RowDVector::from_vec(vec![7, 8]);
    let nothing = DMatrix::<f32>::zeros(0, 2);
    ready::keep(&(fixed[(1, 0)], vector[1]));
    ready::keep(&(&fixed, &vector, &dynamic, &column, &row, &nothing)); // @matrices
}
