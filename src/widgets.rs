//! The drawn pieces that screens and dialogs share. They know nothing of accounts or files.

mod bar;
mod field;
mod fit;
mod form;
mod sheet;
mod table;
mod window;

pub(crate) use bar::{bar, trace};
pub(crate) use field::Field;
pub(crate) use fit::{fit, fit_middle, width_of, wrap};
pub(crate) use form::{Entry, Form};
pub(crate) use sheet::Sheet;
pub(crate) use table::{Column, Table};
pub(crate) use window::{hide_hidden, window};
