/** Return the web address in the clipboard; empty if there is none, or it may not be read. */
export async function addressInClipboard(): Promise<string> {
  try {
    // Only with permission: a question about it would come before the user has typed.
    const { state } = await navigator.permissions.query({
      name: 'clipboard-read' as PermissionName
    });
    const text =
      state === 'granted' ? await navigator.clipboard.readText() : '';
    return /^https?:\/\/\S+$/i.test(text.trim()) ? text.trim() : '';
  } catch {
    return ''; // some browsers do not know the permission, or the page has no focus
  }
}
