//! What of libtorch has no C interface, by way of `shim.cpp`.

use std::ffi::{CStr, CString, c_char, c_double, c_int, c_void};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use tch::Tensor;

const MESSAGE: usize = 512;

#[allow(unsafe_code)]
mod shim {
    use super::{c_char, c_double, c_int, c_void};

    unsafe extern "C" {
        pub(super) fn dt_train_adamw(
            weights: *const c_void,
            grads: *const c_void,
            first: *const c_void,
            second: *const c_void,
            count: *const c_void,
            learning_rate: c_double,
            beta_1: c_double,
            beta_2: c_double,
            weight_decay: c_double,
            epsilon: c_double,
            message: *mut c_char,
            size: usize,
        ) -> c_int;
        pub(super) fn dt_train_profiler_start(
            cuda: bool,
            message: *mut c_char,
            size: usize,
        ) -> c_int;
        pub(super) fn dt_train_profiler_stop(
            path: *const c_char,
            message: *mut c_char,
            size: usize,
        ) -> c_int;
    }
}

/// Numbers of an update.
pub(super) struct AdamW {
    pub(super) learning_rate: f64,
    pub(super) beta_1: f64,
    pub(super) beta_2: f64,
    pub(super) weight_decay: f64,
    pub(super) epsilon: f64,
}

/// libtorch's fused AdamW: one update of weights and moments in place. All are of one shape and
/// contiguous; `count`, without axes and on their device, holds the number of this update, from 1.
///
/// # Panics
/// If they are not.
#[allow(unsafe_code)]
pub(super) fn adamw(
    weights: &Tensor,
    grads: &Tensor,
    first: &Tensor,
    second: &Tensor,
    count: &Tensor,
    settings: &AdamW,
) {
    let pointer = |tensor: &Tensor| tensor.as_ptr().cast::<c_void>();
    // SAFETY: a tensor of tch's points to an `at::Tensor`, which outlives the call; the function
    // keeps within the message's bytes and ends them with a zero.
    let done = checked(|message| unsafe {
        shim::dt_train_adamw(
            pointer(weights),
            pointer(grads),
            pointer(first),
            pointer(second),
            pointer(count),
            settings.learning_rate,
            settings.beta_1,
            settings.beta_2,
            settings.weight_decay,
            settings.epsilon,
            message.as_mut_ptr().cast(),
            MESSAGE,
        )
    });
    done.expect("tensors of one shape");
}

/// Records what libtorch does during `work`, in all threads, and on request what a GPU does, and
/// writes it to `path` in Chrome's trace format.
///
/// # Errors
/// If the profiler cannot be started or ended. It says nothing when it cannot write.
#[allow(unsafe_code)]
pub(super) fn profiled(gpu: bool, path: &Path, work: impl FnOnce()) -> io::Result<()> {
    let name = CString::new(path.as_os_str().as_bytes())?;
    // SAFETY: the function keeps within the message's bytes and ends them with a zero.
    checked(|message| unsafe {
        shim::dt_train_profiler_start(gpu, message.as_mut_ptr().cast(), MESSAGE)
    })?;
    work();
    // SAFETY: as above; the path is a C string that outlives the call.
    checked(|message| unsafe {
        shim::dt_train_profiler_stop(name.as_ptr(), message.as_mut_ptr().cast(), MESSAGE)
    })
}

/// The message of a call that failed, as an error.
fn checked(call: impl FnOnce(&mut [u8; MESSAGE]) -> c_int) -> io::Result<()> {
    let mut message = [0_u8; MESSAGE];
    if call(&mut message) == 0 {
        return Ok(());
    }
    let text = CStr::from_bytes_until_nul(&message).unwrap_or_default();
    let text = text.to_string_lossy();
    Err(io::Error::other(format!("libtorch: {text}")))
}
