//! From `--device` to a burn device. The only module that knows which backends exist.

use std::fmt;
use std::str::FromStr;

use burn::prelude::*;

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
            Self::Libtorch | Self::LibtorchCuda(_) => Err(DeviceError::NotCompiled {
                device: self,
                feature: "libtorch",
            }),
        }
    }

    /// What `dt-train devices` prints: name, and whether it can be used or why not.
    pub fn list() -> Vec<(String, Result<String, String>)> {
        [Self::Cpu, Self::Libtorch]
            .into_iter()
            .map(|spec| {
                let state = spec.open().map_err(|e| e.to_string());
                (spec.to_string(), state.map(|_| "ready".to_owned()))
            })
            .collect()
    }
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
