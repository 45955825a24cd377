/** What a device says that it runs on: told to people, never relied upon. */

export const devicePlatforms = `
ALTER TABLE auth_device ADD COLUMN platform TEXT;
`;
