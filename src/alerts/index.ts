// Notifications and the status bar item about providers that need attention.
export { notificationsPlugin } from './notifications';
export { statusItemPlugin } from './statusitem';
