import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { RouterProvider } from 'react-router';
import { createQueryClient } from './app/queries.ts';
import { createAppRouter } from './app/routes.tsx';
import { SessionProvider } from './app/session.tsx';
import { startI18n } from './i18n/i18n.ts';
import { Announcer } from './ui/announce.tsx';
import { AppTheme } from './ui/theme/theme.tsx';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

await startI18n();
const router = createAppRouter();
const queries = createQueryClient();

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <AppTheme>
        <Announcer>
          <SessionProvider>
            <RouterProvider router={router} />
          </SessionProvider>
        </Announcer>
      </AppTheme>
    </QueryClientProvider>
  </StrictMode>,
);
