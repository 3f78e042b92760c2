"""What installs, starts and tests Tributary; nothing in here is part of the application."""
