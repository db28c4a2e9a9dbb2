"""What tests share: servers, programs run through them, stand-ins for the native parts."""
