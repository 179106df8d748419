//! From `--device` to a burn device. The only module that knows which backends exist.

use std::fmt;
use std::str::FromStr;

use crate::burn::prelude::*;

/// A device as the command line names it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceSpec {
    /// burn-flex: pure Rust, on the host.
    #[default]
    Cpu,
    /// libtorch on the host.
    Libtorch,
    /// libtorch on a CUDA GPU.
    LibtorchCuda(usize),
}

impl fmt::Display for DeviceSpec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Libtorch => f.write_str("libtorch"),
            Self::LibtorchCuda(n) => write!(f, "libtorch:cuda:{n}"),
        }
    }
}

/// What computes on the host: its kind, and which of the instructions it has that rounding depends
/// on. Two processors of which the same is said give the same bytes; wider vectors than AVX2's
/// change none.
pub fn processor() -> String {
    #[cfg(target_arch = "x86_64")]
    let has = [
        ("avx2", std::is_x86_feature_detected!("avx2")),
        ("fma", std::is_x86_feature_detected!("fma")),
    ];
    #[cfg(not(target_arch = "x86_64"))]
    let has: [(&str, bool); 0] = [];
    let mut words = vec![std::env::consts::ARCH];
    words.extend(has.iter().filter(|(_, has)| *has).map(|(name, _)| *name));
    words.join(" ")
}

/// Why a device cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeviceError {
    /// The name is none that is known.
    #[error("unknown device `{0}`; use cpu, libtorch or libtorch:cuda:N")]
    Unknown(String),
    /// It is known, but not compiled into this program.
    #[error("device `{device}` needs a program built with `--features {feature}`")]
    NotCompiled {
        /// The device.
        device: DeviceSpec,
        /// The cargo feature.
        feature: &'static str,
    },
    /// It is compiled in, but not to be had on this machine.
    #[error("device `{device}`: {why}")]
    Missing {
        /// The device.
        device: DeviceSpec,
        /// What is missing, and what to do.
        why: String,
    },
}

impl FromStr for DeviceSpec {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, DeviceError> {
        match name {
            "cpu" => Ok(Self::Cpu),
            "libtorch" => Ok(Self::Libtorch),
            _ => name
                .strip_prefix("libtorch:cuda:")
                .and_then(|n| n.parse().ok())
                .map(Self::LibtorchCuda)
                .ok_or_else(|| DeviceError::Unknown(name.to_owned())),
        }
    }
}

impl DeviceSpec {
    /// The device, without autodiff.
    ///
    /// # Errors
    /// If it is not compiled in.
    pub fn open(self) -> Result<Device, DeviceError> {
        match self {
            #[cfg(feature = "flex")]
            Self::Cpu => Ok(Device::flex()),
            #[cfg(not(feature = "flex"))]
            Self::Cpu => Err(DeviceError::NotCompiled {
                device: self,
                feature: "flex",
            }),
            #[cfg(feature = "libtorch")]
            Self::Libtorch => Ok(libtorch::cpu()),
            #[cfg(feature = "libtorch")]
            Self::LibtorchCuda(index) => {
                libtorch::cuda(index).map_err(|why| DeviceError::Missing { device: self, why })
            }
            #[cfg(not(feature = "libtorch"))]
            Self::Libtorch | Self::LibtorchCuda(_) => Err(DeviceError::NotCompiled {
                device: self,
                feature: "libtorch",
            }),
        }
    }

    /// Whether several agents can take their training steps together on it, with batched weights.
    pub fn trains_together(self) -> bool {
        self != Self::Cpu
    }

    /// What `dt-train devices` prints: name, and whether it can be used or why not.
    pub fn list() -> Vec<(String, Result<String, String>)> {
        #[cfg(feature = "libtorch")]
        let gpus = libtorch::gpus().max(1);
        #[cfg(not(feature = "libtorch"))]
        let gpus = 0;
        [Self::Cpu, Self::Libtorch]
            .into_iter()
            .chain((0..gpus).map(Self::LibtorchCuda))
            .map(|spec| {
                let state = spec.open().map_err(|e| match e {
                    DeviceError::Missing { why, .. } => why,
                    e => e.to_string(),
                });
                (spec.to_string(), state.map(|_| spec.note()))
            })
            .collect()
    }

    fn note(self) -> String {
        match self {
            Self::Cpu => format!("ready: {} threads", rayon::current_num_threads()),
            #[cfg(feature = "libtorch")]
            Self::Libtorch => format!("ready: {} threads", tch::get_num_threads()),
            _ => "ready".to_owned(),
        }
    }
}

/// What libtorch has, and the way between its tensors and burn's.
#[cfg(feature = "libtorch")]
#[allow(deprecated)] // burn 0.22 is the last one with libtorch
pub(crate) mod libtorch {
    use std::sync::OnceLock;

    use crate::burn::backend::libtorch::{LibTorch, TchTensor};
    use crate::burn::prelude::*;

    /// The libtorch tensor below one of burn's; they share their storage.
    ///
    /// # Panics
    /// If it is of another backend.
    pub(crate) fn below<const D: usize>(tensor: &Tensor<D>) -> tch::Tensor {
        let primitive = tensor.clone().try_into_primitive::<LibTorch>();
        primitive.expect("a tensor of libtorch's").tensor
    }

    /// A libtorch tensor that threads read together.
    pub(crate) struct Shared(TchTensor);

    impl Shared {
        pub(crate) fn new(tensor: tch::Tensor) -> Self {
            Self(TchTensor::new(tensor))
        }
    }

    impl std::ops::Deref for Shared {
        type Target = tch::Tensor;

        fn deref(&self) -> &tch::Tensor {
            &self.0.tensor
        }
    }

    /// One of burn's tensors above a libtorch tensor; they share their storage.
    pub(crate) fn above<const D: usize>(tensor: &tch::Tensor) -> Tensor<D> {
        Tensor::from_primitive::<LibTorch>(TchTensor::new(tensor.shallow_clone()))
    }

    pub(super) fn cpu() -> Device {
        Device::libtorch()
    }

    pub(super) fn cuda(index: usize) -> Result<Device, String> {
        load_cuda().clone()?;
        match gpus() {
            0 => Err(
                "libtorch finds no GPU with CUDA; `nvidia-smi` says what the driver sees".into(),
            ),
            n if index >= n => Err(format!("there are {n} GPUs, counted from 0")),
            _ => Ok(Device::libtorch_cuda(index)),
        }
    }

    /// GPUs that can be used.
    pub(super) fn gpus() -> usize {
        match load_cuda() {
            Ok(()) => tch::Cuda::device_count().max(0) as usize,
            Err(_) => 0,
        }
    }

    /// Stands in for a function of burn-tch's that runs when the program starts and binds it to
    /// libtorch's CUDA part: with it, no machine without CUDA's libraries could start the program.
    #[allow(unsafe_code)]
    #[unsafe(no_mangle)]
    extern "C" fn dummy_cuda_dependency() {}

    /// Loads libtorch's CUDA part, which the linker drops because no symbol names it. It registers
    /// itself, and one program serves machines with and without a GPU.
    #[allow(unsafe_code)]
    fn load_cuda() -> &'static Result<(), String> {
        static LOADED: OnceLock<Result<(), String>> = OnceLock::new();
        LOADED.get_or_init(|| {
            // SAFETY: the name is a C string; the library is libtorch's own, whose initialisers
            // only register kernels. `dlerror` is read in the thread that called `dlopen`.
            unsafe {
                let name = c"libtorch_cuda.so";
                if !libc::dlopen(name.as_ptr(), libc::RTLD_NOW | libc::RTLD_GLOBAL).is_null() {
                    return Ok(());
                }
                let why = libc::dlerror();
                let why = match why.is_null() {
                    true => "unknown error".into(),
                    false => std::ffi::CStr::from_ptr(why).to_string_lossy(),
                };
                Err(format!(
                    "libtorch's CUDA part cannot be loaded ({why}); `scripts/libtorch.sh --cuda` \
                     sets up all of it"
                ))
            }
        })
    }
}

/// Sets how many threads libtorch computes with, on the host, from the calling thread. burn-flex
/// takes those of rayon's pool.
pub fn set_threads(threads: usize) {
    #[cfg(feature = "libtorch")]
    tch::set_num_threads(threads as i32);
    #[cfg(not(feature = "libtorch"))]
    let _ = threads;
}

/// Whether tensors of this device lie in host memory and fused host kernels can be used.
pub(crate) fn is_host(device: &Device) -> bool {
    #[cfg(feature = "flex")]
    {
        *device == Device::flex()
    }
    #[cfg(not(feature = "flex"))]
    {
        let _ = device;
        false
    }
}

/// Whether tensors of this device are libtorch's.
#[cfg(feature = "libtorch")]
pub(crate) fn is_libtorch(device: &Device) -> bool {
    is_gpu(device) || *device == libtorch::cpu()
}

/// Whether the device computes while the host goes on.
pub(crate) fn is_gpu(device: &Device) -> bool {
    #[cfg(feature = "libtorch")]
    {
        (0..libtorch::gpus()).any(|n| libtorch::cuda(n).as_ref() == Ok(device))
    }
    #[cfg(not(feature = "libtorch"))]
    {
        let _ = device;
        false
    }
}

/// Values of a tensor on the host, row-major.
///
/// # Panics
/// If the device fails to hand them over; nothing can go on then.
pub fn to_host<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    tensor
        .to_data()
        .try_into_vec::<f32>()
        .expect("tensors hold f32")
}
