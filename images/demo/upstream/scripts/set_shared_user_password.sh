#!/bin/bash
# Sets the password of the user "core" for the images built from now on. Takes it as an argument, or reads a line.

source "$(dirname "$(readlink -f "$0")")/common.sh" || exit 1
assert_inside_chroot
switch_to_strict_mode
file=/etc/shared_user_passwd.txt

(($# <= 1)) || die "Too many arguments."
if (($# == 1)); then
  PASSWORD=$1
else
  # shellcheck disable=SC2162 # a backslash escapes here, as in the real script
  read -s -p "Enter password for shared user account: " PASSWORD
fi
# shellcheck disable=SC2119
crypted=$(echo "${PASSWORD}" | openssl passwd -1 -stdin)
PASSWORD="gone now"
sudo_clobber "${file}" <<<"${crypted}"
echo "Password set in ${file}"
